package show

import (
	"encoding"
	"encoding/json"
	"io"
	"reflect"
	"slices"
)

// JSON writes v as one line. Times and texts stand as they are (nothing is escaped for HTML), and a
// list of nothing is [], never null, wherever in v it stands.
func JSON(w io.Writer, v any) error {
	if v != nil {
		v = filled(reflect.ValueOf(v)).Interface()
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// filled is v with every nil list in it made an empty one. What v points at is copied, not changed.
func filled(v reflect.Value) reflect.Value {
	if !mayHoldNil(v.Type(), nil) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		inner := filled(v.Elem())
		if v.Kind() == reflect.Interface {
			return inner
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(inner)
		return p
	case reflect.Slice:
		if v.Len() > 0 && !mayHoldNil(v.Type().Elem(), nil) {
			return v // however long: there is nothing to mend in it
		}
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			list.Index(i).Set(filled(v.Index(i)))
		}
		return list
	case reflect.Struct:
		whole := reflect.New(v.Type()).Elem()
		whole.Set(v)
		for i := range v.NumField() {
			if whole.Field(i).CanSet() {
				whole.Field(i).Set(filled(v.Field(i)))
			}
		}
		return whole
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		all := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			all.SetMapIndex(key, filled(value))
		}
		return all
	default:
		return v
	}
}

// mayHoldNil says whether a value of the type can have a list in it that encoding/json would write as
// null. Types that write themselves and bytes, which are written as text, are left as they are.
func mayHoldNil(t reflect.Type, seen []reflect.Type) bool {
	if t.Implements(jsonMarshaler) || t.Implements(textMarshaler) {
		return false
	}
	if slices.Contains(seen, t) {
		return false
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8
	case reflect.Pointer, reflect.Map:
		return mayHoldNil(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if mayHoldNil(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}
